"""One client's work, done directly and through the proxy, and compared."""

from clients import ALL


def errors(outcomes):
    return {name: outcome for name, outcome in outcomes.items() if str(outcome).removeprefix("b'").startswith("error")}


def compare(client, server, folder):
    """Fails where an outcome, or an object that is there at the end, is another through the proxy, or is an error."""
    outcomes, objects = [], []
    for target in (server.directly(client), server.proxied(client)):
        place = folder / ("proxied" if target.proxy else "directly")
        place.mkdir()
        outcomes.append(ALL[client](target, place))
        objects.append(server.objects(target))
    assert not errors(outcomes[1]), list(errors(outcomes[1]).items())[:5]
    differing = {name for name in outcomes[0] | outcomes[1] if outcomes[0].get(name) != outcomes[1].get(name)}
    assert not differing, [(name, outcomes[0].get(name), outcomes[1].get(name)) for name in list(differing)[:5]]
    assert objects[0] == objects[1] and len(objects[0]) >= len(server.keys) // 2
