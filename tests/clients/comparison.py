"""One client's work, done directly and through the proxy, and compared."""

from clients import ALL


def plain(outcome):
    """Without the name of the way; of an error only that it is one, as each has a number of its own."""
    text = str(outcome).replace("proxied", "directly")
    return "error" if text.removeprefix("b'").removeprefix('b"').startswith("error") else text


def compare(client, server, folder, left_out=(), may_fail=frozenset()):
    """Fails where an outcome, or an object that is there at the end, is another through the proxy, or is an error.

    left_out names operations that the server itself cannot do, may_fail operations and keys that fail both ways.
    """
    outcomes, objects = [], []
    for target in (server.directly(client), server.proxied(client)):
        place = folder / ("proxied" if target.proxy else "directly")
        place.mkdir()
        found = ALL[client](target, place)
        outcomes.append({name: outcome for name, outcome in found.items() if name[0] not in left_out})
        objects.append(server.objects(target))
    differ(*outcomes)
    errors = {name: outcome for name, outcome in outcomes[1].items()
              if plain(outcome) == "error" and not may_fail & set(name)}
    assert not errors, list(errors.items())[:5]
    differ(*objects)
    assert len(objects[1]) >= len(server.keys) // 2, objects[1]


def differ(first, second):
    differing = {name for name in first | second if plain(first.get(name)) != plain(second.get(name))}
    assert not differing, [(name, first.get(name), second.get(name)) for name in sorted(differing, key=str)[:5]]
