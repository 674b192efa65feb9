#include "proxy/io/lookup.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy/base/clock.h"
#include "proxy/base/list.h"
#include "proxy/io/memory.h"

enum {
    HOST_BYTES = 256,
    PORT_BYTES = 8,
    PATIENCE_MS = 1000, /* then the same is asked once more: the answer may be lost in a freeze */
    SAME_MAX = 2,
};

/* What libuv's threads are asked, for all who want to know it meanwhile. */
struct question {
    struct link link; /* in the loop's list, until it is answered or cancelled */
    uv_getaddrinfo_t request;
    struct link lookups;
    int64_t since_ms;
    unsigned port;
    char host[HOST_BYTES];
};

struct lookup {
    struct link link;
    struct question *question;
    void (*on_done)(void *owner, int status, const struct addresses *addresses);
    void *owner;
};

static struct link *questions_of(const uv_loop_t *loop)
{
    struct link *questions = &io_memory_of(loop)->questions;
    if (!link_listed(questions))
        list_init(questions);
    return questions;
}

static void take(struct addresses *addresses, const struct addrinfo *list)
{
    for (; list && addresses->count < ADDRESSES_MAX; list = list->ai_next) {
        if (list->ai_addrlen > sizeof addresses->at[0])
            continue;
        memcpy(&addresses->at[addresses->count++], list->ai_addr, list->ai_addrlen);
    }
}

static void free_all(struct link *lookups)
{
    for (struct link *at = lookups->next, *next; at != lookups; at = next) {
        next = at->next;
        free(CONTAINER_OF(at, struct lookup, link));
    }
}

/* Who is told may abandon those that are not. */
static void tell_all(struct link *lookups, int status, const struct addresses *addresses)
{
    struct link told;
    list_init(&told);
    while (!list_empty(lookups)) {
        struct lookup *lookup = CONTAINER_OF(lookups->next, struct lookup, link);
        link_remove(&lookup->link);
        list_append(&told, &lookup->link);
        lookup->on_done(lookup->owner, status, addresses);
    }
    free_all(&told);
}

static void on_addresses(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct question *question = CONTAINER_OF(request, struct question, request);
    struct addresses addresses = {.count = 0};
    take(&addresses, list);
    uv_freeaddrinfo(list);
    if (status == 0 && addresses.count == 0)
        status = UV_EAI_NONAME;
    link_remove(&question->link);
    tell_all(&question->lookups, status, &addresses);
    free(question);
}

static bool copy_host(struct span host, char text[HOST_BYTES])
{
    if (host.len == 0 || host.len >= HOST_BYTES)
        return false;
    memcpy(text, host.at, host.len);
    text[host.len] = '\0';
    return true;
}

static struct question *ask(uv_loop_t *loop, struct span host, unsigned port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char service[PORT_BYTES];
    struct question *question = malloc(sizeof *question);
    (void)snprintf(service, sizeof service, "%u", port);
    if (!question || !copy_host(host, question->host)
        || uv_getaddrinfo(loop, &question->request, on_addresses, question->host, service, &hints)
            != 0) {
        free(question);
        return NULL;
    }
    question->port = port;
    question->since_ms = clock_wall_ms();
    list_init(&question->lookups);
    list_prepend(questions_of(loop), &question->link);
    return question;
}

/* The newest that is under way, unless it is time to ask once more. */
static struct question *find(const uv_loop_t *loop, struct span host, unsigned port)
{
    struct link *questions = questions_of(loop);
    struct question *newest = NULL;
    unsigned same = 0;
    for (struct link *at = questions->next; at != questions; at = at->next) {
        struct question *question = CONTAINER_OF(at, struct question, link);
        if (question->port != port || !span_equal(span_of(question->host), host))
            continue;
        newest = newest ? newest : question;
        same++;
    }
    int64_t age_ms = newest ? clock_wall_ms() - newest->since_ms : 0;
    bool patient = age_ms >= 0 && age_ms < PATIENCE_MS;
    return patient || same == SAME_MAX ? newest : NULL;
}

struct lookup *lookup_start(uv_loop_t *loop, struct span host, unsigned port,
    void (*on_done)(void *owner, int status, const struct addresses *addresses), void *owner)
{
    struct lookup *lookup = malloc(sizeof *lookup);
    struct question *question = lookup ? find(loop, host, port) : NULL;
    if (lookup && !question)
        question = ask(loop, host, port);
    if (!question) {
        free(lookup);
        return NULL;
    }
    *lookup = (struct lookup){.question = question, .on_done = on_done, .owner = owner};
    list_append(&question->lookups, &lookup->link);
    return lookup;
}

/* A question that no thread has begun with is taken back; else its answer is waited for, and
 * whoever asks the same meanwhile gets it. */
void lookup_abandon(struct lookup *lookup)
{
    if (!lookup)
        return;
    struct question *question = lookup->question;
    link_remove(&lookup->link);
    free(lookup);
    if (list_empty(&question->lookups) && link_listed(&question->link)
        && uv_cancel((uv_req_t *)&question->request) == 0)
        link_remove(&question->link);
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
