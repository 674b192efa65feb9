/* The state of an exchange, shared by its files: exchange.c coordinates, send.c is the way to the
 * server, receive.c the way back. */
#pragma once

#include "proxy/aws/chunk_signature.h"
#include "proxy/aws/multipart.h"
#include "proxy/aws/service.h"
#include "proxy/base/log.h"
#include "proxy/exchange/answer.h"
#include "proxy/exchange/client.h"
#include "proxy/exchange/core.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/job.h"
#include "proxy/exchange/outgoing.h"
#include "proxy/exchange/permit.h"
#include "proxy/exchange/socket.h"
#include "proxy/http/aws_chunked.h"
#include "proxy/http/body.h"
#include "proxy/http/scan.h"
#include "proxy/io/call.h"
#include "proxy/pages/presign_page.h"
#include "proxy/pages/token_page.h"
#include "proxy/permissions/late_error.h"

/* How far the request is. */
enum phase {
    PHASE_HEAD,        /* its head is coming */
    PHASE_CREDENTIALS, /* it waits for keys to be fetched */
    PHASE_VERIFY,      /* STS is asked who the function is, for a page */
    PHASE_AUDIO,       /* its audio begins to come, and tells what it is */
    PHASE_HOLD,        /* its body is coming, and is held until it is whole */
    PHASE_PARTS,       /* its body is coming, more than is held, and goes on in parts */
    PHASE_CONNECT,     /* it waits for a connection */
    PHASE_CONTINUE,    /* its head is sent; the server is to say whether it wants the body */
    PHASE_STREAM,      /* its body flows through */
    PHASE_SENT,        /* all of it is sent */
    PHASE_DISCARD,     /* the server has answered already, and does not want the rest */
    PHASE_PAUSE,       /* throttled: it is sent again in a moment */
    PHASE_SOCKET,      /* it has become a WebSocket: frames go both ways */
    PHASE_JOB,         /* a transcription job is not done: it is asked about again in a moment */
};

enum { SUM_VALUE_BYTES = 12 };

/* What becomes of a body of signed chunks. */
enum opens { OPENS_NOTHING, OPENS_TO_PLAIN, OPENS_TO_CHUNKS };

/* How far the answer is. */
enum answer {
    ANSWER_AWAITED,
    ANSWER_HEAD,
    ANSWER_WEIGHED, /* an error that may have a remedy: it is held until it is whole */
    ANSWER_BODY,
    ANSWER_WHOLE,
};

struct exchange {
    struct link link;
    struct proxy *proxy;
    struct client *client; /* NULL once its connection is gone */
    enum phase phase;
    enum answer answer;
    unsigned ticks_left;
    unsigned ticks;    /* that it has lasted */
    unsigned attempts; /* connections that the request was sent on */

    struct scan scan;
    size_t head_bytes;
    struct framing framing;
    struct target target;
    struct route route;
    bool claimed;     /* claim is filled */
    bool permitted;   /* the guard has let it pass */
    struct span hint; /* a header line for the client; in the proxy's memory, for this turn only */
    bool watches;     /* what was allowed is told by the answer's content */
    struct late_error late_error;
    unsigned late_denied;  /* denials in it */
    int64_t late_since_ms; /* when the first was seen */
    bool access_open;      /* access hangs on the body's hash */
    struct span hash;      /* of the body, as it is signed */
    char hash_hex[HASH_HEX_BYTES];
    bool hashes; /* a body that is held is hashed as it comes */
    struct hash content_hash;
    char *held;
    size_t held_bytes, held_max;
    size_t held_sent; /* of what is held, on this connection */
    bool splits;      /* a body of unknown length, of an object: in parts where it is long */
    bool left;        /* its client has its answer, or is gone; only the upload is cleaned up */
    struct upload *upload; /* in parts; NULL where it has not come to that */
    struct socket *socket; /* that it asks for, or has become; NULL */
    struct job *job;       /* of transcription, that it starts or asks about; NULL */

    struct call *call; /* to STS */
    struct credentials_wait wait;
    bool waited;         /* for keys, before it was admitted */
    bool waited_again;   /* after that */
    unsigned generation; /* of the keys that it was signed with, or the session's serial */
    int64_t signed_ms;   /* the time that it was signed with */
    unsigned session_waits;

    enum opens opens;
    bool checks; /* chain checks the chunks' signatures */
    bool in_chunk, after_chunk;
    char last_byte; /* of the content; it waits until all is checked */
    uint64_t opened_length;
    struct chunk_chain chain;

    enum sum sum_kind;                      /* of the checksum that the proxy adds */
    uint64_t sum, sum_left, sum_chunk_left; /* so far; content to come, and of its chunk */
    char sum_value[SUM_VALUE_BYTES];        /* of a held body */

    bool asks; /* the server is to say whether it wants the body, before that is sent */
    bool
        keeps_back; /* and until then nothing is taken of it, also where the client does not wait */
    bool lost;      /* a kept connection died under it, and it was sent again */
    bool remedied;  /* it was sent again with newer keys, another time or region */
    unsigned retries; /* times it was sent again after a pause */
    uint64_t paused_ms;

    struct lease lease;
    struct upstream_user user;
    struct upstream *upstream;
    bool holds;            /* the body is sent only once it is whole */
    bool copies;           /* a short body streams, and is kept too, so that it can be sent again */
    size_t beside_head;    /* bytes that came together with the head */
    bool reused;           /* the connection has served before: it may have died unnoticed */
    bool body_begun;       /* bytes of a body that is not kept are on their way */
    bool told_continue;    /* the client has had its 100 */
    bool server_continues; /* the server has said that it wants the body */

    struct scan answer_scan;
    size_t answer_head_bytes;
    size_t weighed_bytes; /* of its content, behind the head */
    unsigned interim;     /* 1xx answers so far */
    struct framing answer_framing;
    enum answer_framing answer_how;
    bool answer_begun; /* bytes of the final answer have gone to the client */
    bool odd;          /* the server's connection must not be used again */
    bool close;        /* the client's neither */
    bool broken;       /* the answer has no end, whatever its status was */

    int status;              /* that the client sees; 0 for none */
    enum err err;            /* of the proxy's own */
    uint64_t sent, received; /* bytes of the bodies */
    uint64_t head_ns, take_ns, ready_ns, first_ns;

    struct claim claim;
    struct aws_chunked chunked;
    struct head head;
    struct head answer_head;
    struct body body;
    struct body answer_body;
    char head_memory[HEAD_MAX_BYTES];
    char answer_memory[HEAD_MAX_BYTES];
};

/* Whether somebody wants to know how long things take. */
static inline bool exchange_times(const struct exchange *x)
{
    return log_enabled(LOG_DEBUG) || x->proxy->options.times_upstream;
}

/* A request as it is sent, but for what the proxy adds. */
struct message {
    const struct head *head;
    struct span query;
    struct span held; /* the body, or what is there of it */
};

/* Nanoseconds for that; else the clock is not asked, and it is 1. */
static inline uint64_t exchange_clock(const struct exchange *x)
{
    return exchange_times(x) ? uv_hrtime() : 1;
}

/* deadline.c: the only place where a phase changes; it re-arms the deadline. */
void exchange_enter(struct exchange *x, enum phase phase);

/* Something moved: the silence is over. */
void exchange_stir(struct exchange *x);

/* The request is sent again after so long. */
void exchange_pause(struct exchange *x, unsigned ms);

/* exchange.c */
/* Answers with the fault where nothing of an answer has gone out, else breaks the connection. Ends
 * the exchange. */
void exchange_fail(struct exchange *x, const struct fault *fault);

/* The answer is whole, and written. Ends the exchange. */
void exchange_finish(struct exchange *x);

/* Ends the exchange and the client's connection with it. reset: its end must look broken. */
void exchange_break(struct exchange *x, bool reset);

/* Whether the server's connection can serve another: request and answer whole, nothing odd about
 * either. */
bool exchange_can_reuse(const struct exchange *x);

/* The server's connection goes back to the pool, or is closed where it cannot serve another. */
void exchange_let_upstream_go(struct exchange *x);

/* The question of access is settled: what is held is no longer a stranger's. */
void exchange_close_access(struct exchange *x);

/* admit.c */
enum admission { ADMITTED, NOT_ADMITTED, ADMISSION_WAITS };

/* Whether the caller may do it, and whether there are keys to do it with. A signature that covers
 * the body leaves the first open until the body is there. needs_keys: they are fetched first where
 * they have to be. ADMISSION_WAITS: until then; exchange_understood() comes again. NOT_ADMITTED:
 * the fault says why: TOKEN_REQUIRED, HOST_NOT_ALLOWED, NO_CREDENTIALS. */
MUST_USE enum admission exchange_admit(struct exchange *x, bool needs_keys, struct fault *fault);

/* exchange.c: the request is understood; it is served, or sent on its way. May end the exchange. */
void exchange_understood(struct exchange *x);

/* session.c */
/* A copy within directory buckets is signed with the role's own keys, not with a session's. */
void session_plan(struct exchange *x);
/* Where the route is a directory bucket's and there is no session: true, and again comes once there
 * is one, or the exchange has ended, for there will be none. */
bool session_waits(struct exchange *x, void (*again)(struct credentials_wait *wait));
/* What to sign with. Errors: NO_CREDENTIALS, TOO_BUSY. */
MUST_USE enum err session_keys(
    struct exchange *x, const struct credentials **keys, struct fault *fault);

/* record.c: counts it, and logs it where somebody wants to know. */
void exchange_record(const struct exchange *x);
/* The same for one request of several, but for the last: only that it was there. */
void exchange_count(const struct exchange *x);

/* page.c: answers with the page, or says why not. Ends the exchange, or waits. */
void page_serve(struct exchange *x);
/* STS has said who the function is. Ends the exchange. */
void page_verified(struct exchange *x);
/* A page answers with the fault. Ends the exchange. */
void page_fail(struct exchange *x, const struct fault *fault);
/* Whether the client asks for text alone. */
bool page_wants_text(const struct exchange *x);

/* verify.c: asks STS; page_verified() follows. May end the exchange. */
void verify_begin(struct exchange *x);

/* hold.c */
/* Decides what becomes of the body, from the head and the route. */
MUST_USE enum err send_plan(struct exchange *x, struct fault *fault);
/* Takes from the bytes what belongs to the held body; goes on once it is whole. May end the
 * exchange. */
void hold_take(struct exchange *x, struct span *bytes);
enum err hold_bad_body(const struct exchange *x, struct fault *fault);

/* open.c */
/* The body is of signed chunks, with or without trailers: it will be opened. Errors:
 * LENGTH_REQUIRED. */
MUST_USE enum err open_plan(struct exchange *x, bool trailers, struct fault *fault);
/* Takes bytes of the body; what is to be sent goes to the sink. Errors: the sink's, BAD_REQUEST
 * where a chunk is not what it should be, and NO_CREDENTIALS where the key that it is checked with
 * is the function's no more: then the object must not become whole. */
typedef enum err open_sink(struct exchange *x, struct span content, struct fault *fault);
MUST_USE enum err open_take(
    struct exchange *x, struct span bytes, open_sink *sink, struct fault *fault);
/* The body has ended: the byte that waited goes to the sink. Errors: the sink's, and BAD_REQUEST
 * where the chunks have not ended. */
MUST_USE enum err open_end(struct exchange *x, open_sink *sink, struct fault *fault);

/* sum.c */
/* Whether the proxy adds a checksum: to a plain upload that has none of its own. */
void sum_plan(struct exchange *x);
/* Whether a head has a checksum of the client's own, or no content of the client's. */
bool sum_has_own(const struct head *head);
/* The name of the checksum that the proxy adds, and as S3 calls the algorithm. */
struct span sum_name(const struct exchange *x);
struct span sum_algorithm(const struct exchange *x);
/* The checksum of content, going on from that of what stands before it. */
uint64_t sum_of(const struct exchange *x, uint64_t before, struct span content);
struct span sum_value(const struct exchange *x, uint64_t sum, char memory[SUM_VALUE_BYTES]);
/* What the server is told of it. */
void sum_describe(struct exchange *x, struct outgoing_body *body);
/* Content that streams, and its end: in chunks, with the sum behind them, to the sink. */
MUST_USE enum err sum_take(
    struct exchange *x, struct span piece, open_sink *sink, struct fault *fault);
MUST_USE enum err sum_end(struct exchange *x, open_sink *sink, struct fault *fault);

/* parts.c */
/* Whether the body is an object's, of unknown length, with nothing that speaks of the whole of it:
 * then it goes on in parts where it is more than one. */
bool parts_plan(const struct exchange *x);
/* Whether what is held and this are more than is held without parts. */
bool parts_due(const struct exchange *x, size_t more);
/* From here on the body goes into parts, beginning with these bytes. May end the exchange. */
void parts_begin(struct exchange *x, struct span *bytes);
/* Takes from the bytes as far as there is room. May end the exchange. */
void parts_fill(struct exchange *x, struct span *bytes);
bool parts_full(const struct exchange *x);
MUST_USE enum err parts_too_long(struct fault *fault);
/* Whether others hold all the parts that there are. */
bool parts_wait(const struct exchange *x);
/* Frees all that the upload has. */
void parts_end(struct exchange *x);

/* steps.c */
/* The upload's step under way; MULTIPART_NONE for the client's own request. */
enum multipart_step steps_now(const struct exchange *x);
/* What is to be sent. */
struct message steps_message(const struct exchange *x);
void steps_describe(struct exchange *x, struct outgoing_body *body);
/* A step that does no harm if it is done twice: whether it is tried once more. */
bool steps_repeat(struct exchange *x);
/* A step has its answer, held and whole. False where it is to be weighed as any other. May end the
 * exchange. */
bool steps_answered(struct exchange *x);

/* cleanup.c */
/* Whether something is left to be done once the client has its answer, or is gone. */
bool cleanup_due(const struct exchange *x);
/* The same; and then begins with it. */
bool cleanup_begins(struct exchange *x);
/* That has failed; whether it is tried another way. */
bool cleanup_again(struct exchange *x);
/* There is no time for it. */
void cleanup_give_up(struct exchange *x);

/* send.c */
/* Sets who hears of connections. */
void send_prepare(struct exchange *x);
/* A client that waits to be asked for its body is. */
void send_invite(struct exchange *x);
/* Asks for a connection, where there is none yet; what follows comes of itself. May end the
 * exchange. */
void send_connect(struct exchange *x);
/* Begins with the body, or with the connection where the body streams. */
void send_begin(struct exchange *x);
size_t send_take(struct exchange *x, struct span bytes);
/* The server wants the body, or has not said so for a second. */
void send_continue(struct exchange *x);
/* The connection was lost before an answer: sent again where that is safe; false where it is not.
 */
bool send_again(struct exchange *x);
/* A write that depends on the state it changes: sent twice, it would find its own work and fail. */
bool send_is_conditional_write(const struct head *head);
/* Whether all that is held has been sent. */
bool send_complete(const struct exchange *x);
/* Whether the request, answered or not, can be sent a second time: nothing of it is gone. */
bool send_repeatable(const struct exchange *x);
/* Sends it once more; what has come of an answer is forgotten. */
void send_repeat(struct exchange *x);
/* Sends what steps_message() says as if nothing had been sent before. May end the exchange. */
void send_afresh(struct exchange *x);

/* receive.c */
void receive_bytes(struct upstream_user *user, struct span bytes);
void receive_end(struct upstream_user *user, bool whole);
/* Relays an answer that was held and weighed; ends the exchange where it is whole. */
void receive_release(struct exchange *x);

/* weigh.c */
/* While the clock is taken to be off, every answer is asked whether it still is. */
void weigh_clock(struct exchange *x);
/* Whether there may be a remedy for what the answer's head tells of. */
bool weigh_wants(const struct exchange *x);
/* Takes content of the answer; false where it is too long to be held. */
bool weigh_take(struct exchange *x, struct span piece);
/* It is whole: the request is sent again, or the answer relayed. May end the exchange. */
void weigh_decide(struct exchange *x);

/* place.c */
/* Where the bucket of a request to S3 lies, as far as S3 has told. */
void place_route(struct proxy *proxy, struct route *route);
/* Whether the server is to be asked before the body is sent: S3, of a bucket that has not been
 * heard of yet, so that the body is still there if it lies elsewhere. */
bool place_asks(const struct exchange *x);
/* S3 has named the region; whether that is another than was asked, and can be. */
bool place_learn(struct exchange *x, struct span region);
/* The bucket has answered where it was asked. */
void place_confirm(struct exchange *x);
