"""A pytest plugin: leaves out the tests whose program takes a library by LD_PRELOAD, which a static one does not."""

PRELOADING = {"named", "library", "clocked", "clock_library"}


def pytest_collection_modifyitems(config, items):
    left_out = [item for item in items if PRELOADING & set(item.fixturenames)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
