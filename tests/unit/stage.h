/* A stage for tests of the proxy in its loop: a client on a Unix socket, a plain-HTTP server,
 * another that gives keys, and the proxy between them; all in one thread, turned by hand. */
#pragma once

#include "tests/unit/check.h"

#include <sys/socket.h>
#include <uv.h>

#include "proxy/proxy.h"

#define STAGE_SECRET "stage-secret-key" /* of all keys, wherever they come from */

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
    enum keys keys;               /* as the next one that is opened has them */
    size_t max_body;
    char directory[32], listen[64];
    int server_socket, issuer_socket;
    struct peer client, server, issuer;
    struct span answer; /* what the server sends once it has a whole head; ?session gets keys */
    bool again;         /* and once more for the next */
    bool switched;      /* it has agreed to a WebSocket: whatever comes next ends it */
    unsigned accepted;  /* connections to the server, ever */
    const char *listens_further; /* at these addresses too, ",127.0.0.1:0"; or NULL */
    char listen_all[96];
    bool prewarms, may_be_copied;
    const char *ca_bundle;
};

/* A request and its answer; the request says that its connection ends with it. */
struct scene {
    const char *name;
    struct span request, answer;
    const char *expected; /* the client's status line where nothing fails */
    enum keys keys;
    bool again; /* the server answers every request so, not the first alone */
};

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
#define HOST      " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"

/* For cmocka: *state is a struct stage, one at a time. */
int stage_set_up(void **state);
int stage_tear_down(void **state);

/* Of one that is created. */
struct proxy_options stage_options(struct stage *stage);

/* The loop, the credentials and the proxy; false where a call that failed left it without. */
bool stage_create(struct stage *stage);

/* The same, and it listens. */
bool stage_open(struct stage *stage);

/* After this nothing of it is left. */
void stage_close(struct stage *stage);

/* Runs the loop, and lets both servers accept, read and answer, so many times. */
void stage_turn(struct stage *stage, int turns);

void stage_connect(struct stage *stage);

/* The request and all that comes back, until the proxy hangs up. */
void stage_exchange(struct stage *stage, const struct scene *scene);

void peer_hang_up(struct peer *peer);
