#include "proxy/io/lookup.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy/base/list.h"

enum { HOST_BYTES = 256, PORT_BYTES = 8 };

struct lookup {
    uv_getaddrinfo_t request;
    void (*on_done)(void *owner, int status, const struct addresses *addresses);
    void *owner;
};

static void take(struct addresses *addresses, const struct addrinfo *list)
{
    for (; list && addresses->count < ADDRESSES_MAX; list = list->ai_next) {
        if (list->ai_addrlen > sizeof addresses->at[0])
            continue;
        memcpy(&addresses->at[addresses->count++], list->ai_addr, list->ai_addrlen);
    }
}

static void on_addresses(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct lookup *lookup = CONTAINER_OF(request, struct lookup, request);
    struct addresses addresses = {.count = 0};
    void (*on_done)(void *, int, const struct addresses *) = lookup->on_done;
    void *owner = lookup->owner;
    take(&addresses, list);
    uv_freeaddrinfo(list);
    free(lookup);
    if (owner)
        on_done(owner, status == 0 && addresses.count == 0 ? UV_EAI_NONAME : status, &addresses);
}

static bool copy_host(struct span host, char text[HOST_BYTES])
{
    if (host.len == 0 || host.len >= HOST_BYTES)
        return false;
    memcpy(text, host.at, host.len);
    text[host.len] = '\0';
    return true;
}

struct lookup *lookup_start(uv_loop_t *loop, struct span host, unsigned port,
    void (*on_done)(void *owner, int status, const struct addresses *addresses), void *owner)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char name[HOST_BYTES], service[PORT_BYTES];
    struct lookup *lookup = malloc(sizeof *lookup);
    (void)snprintf(service, sizeof service, "%u", port);
    if (lookup && copy_host(host, name)) {
        lookup->on_done = on_done;
        lookup->owner = owner;
        if (uv_getaddrinfo(loop, &lookup->request, on_addresses, name, service, &hints) == 0)
            return lookup;
    }
    free(lookup);
    return NULL;
}

void lookup_abandon(struct lookup *lookup)
{
    if (!lookup)
        return;
    lookup->owner = NULL;
    (void)uv_cancel((uv_req_t *)&lookup->request);
}

bool addresses_literal(struct span host, unsigned port, struct addresses *addresses)
{
    char text[HOST_BYTES];
    if (!copy_host(host, text))
        return false;
    addresses->count = uv_ip4_addr(text, (int)port, (struct sockaddr_in *)&addresses->at[0]) == 0
        || uv_ip6_addr(text, (int)port, (struct sockaddr_in6 *)&addresses->at[0]) == 0;
    return addresses->count > 0;
}
