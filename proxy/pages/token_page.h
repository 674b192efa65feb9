/* GET /-/token/KIND?host=...&port=...&user=...&region=...: a login token for a database, a cache or
 * a broker. What is asked becomes a struct, and that the answer; no I/O. */
#pragma once

#include "proxy/aws/login_token.h"
#include "proxy/pages/signing.h"

enum { TOKEN_TEXT_BYTES = LOGIN_USER_MAX + 1024 };

struct token_ask {
    struct login login;
    char text[TOKEN_TEXT_BYTES]; /* what its spans point into */
    char host[LOGIN_HOST_MAX];   /* the host in lower case */
};

/* LOGIN_NONE where the path is not that of a token. */
enum login_kind token_kind(struct span path);

/* query: the page's own; home: the region of the environment, for a host that does not tell its
 * own. Errors: BAD_REQUEST, naming the parameter. */
MUST_USE enum err token_parse(enum login_kind kind, struct span query, struct span home,
    struct token_ask *ask, struct fault *fault);

/* Appends the answer: a token never lives longer than the credentials. Errors: BAD_REQUEST (too
 * long), NO_CREDENTIALS (they have ended). */
MUST_USE enum err token_write(const struct token_ask *ask, const struct page_signing *with,
    struct buf *out, struct fault *fault);
