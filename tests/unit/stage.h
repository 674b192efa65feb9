/* A proxy in a loop of the test's own, with a client, a plain-HTTP server, and another that gives
 * keys: all in one thread, so that every test sees the same. */
#pragma once

#include <uv.h>

#include "proxy/io/memory.h"
#include "proxy/proxy.h"
#include "tests/unit/check.h"

struct peer {
    int fd; /* -1: not there */
    size_t received;
    bool ended;
    char bytes[16 * 1024];
};

/* Where the keys come from. */
enum keys { KEYS_STATIC, KEYS_CONTAINER, KEYS_ROLE, KEYS_CONTAINER_ROLE };

struct stage {
    uv_loop_t loop;
    struct proxy *proxy;
    struct credentials_store *credentials;
    struct endpoint endpoints[2]; /* for all services; for STS */
    enum keys keys;
    char directory[32], listen[64];
    int server_socket, issuer_socket;
    struct peer client, server, issuer;
    struct span answer; /* what the server sends once it has a whole head */
};

extern struct io_memory stage_memory; /* what the loop's data must be */

/* Of a test; *state is the stage. No proxy yet. */
int stage_set_up(void **state);
int stage_tear_down(void **state);

/* By stage->keys. */
struct credentials_store *stage_credentials(const struct stage *stage);
struct proxy_options stage_options(struct stage *stage);

/* The loop and the proxy; false where an allocation that failed left it without one. */
bool stage_open(struct stage *stage);
/* After this nothing of it is left. */
void stage_close(struct stage *stage);

void stage_connect(struct stage *stage);
/* Takes what has come; peer->ended where nothing more will. */
void stage_receive(struct peer *peer);
void stage_hang_up(struct peer *peer);

/* Turns the loop once, after a moment, or once something comes to fd too (-1: none). */
void stage_await(struct stage *stage, int fd);
/* Both servers do what is theirs. */
void stage_serve(struct stage *stage);
/* Both of these, so many times. */
void stage_turn(struct stage *stage, int turns);
