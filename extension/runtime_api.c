#include "extension/runtime_api.h"

#include <stdlib.h>

#include "proxy/base/buf.h"
#include "proxy/base/list.h"
#include "proxy/http/reply.h"
#include "proxy/http/target.h"
#include "proxy/io/lookup.h"
#include "proxy/io/stream.h"

enum { REQUEST_BYTES = 8 * 1024, HTTP_PORT = 80 };

struct api_call {
    struct stream stream;
    uv_connect_t connect;
    uv_timer_t start; /* so that nothing is told from within api_call() */
    struct lookup *lookup;
    unsigned pending; /* open handles */
    bool closing;
    struct authority host;
    void (*on_answer)(void *owner, const struct api_answer *answer);
    void *owner;
    size_t request_bytes;
    char host_text[256];
    char request[REQUEST_BYTES];
    struct reply reply;
};

static void drop(struct api_call *call)
{
    if (--call->pending == 0)
        free(call);
}

static void on_stream_closed(struct stream *stream)
{
    drop(CONTAINER_OF(stream, struct api_call, stream));
}

static void on_start_closed(uv_handle_t *handle)
{
    drop(CONTAINER_OF(handle, struct api_call, start));
}

static void close_call(struct api_call *call)
{
    if (call->closing)
        return;
    call->closing = true;
    lookup_abandon(call->lookup);
    if (call->stream.on_closed)
        stream_close(&call->stream, false);
    uv_close((uv_handle_t *)&call->start, on_start_closed);
}

void api_abandon(struct api_call *call)
{
    if (!call)
        return;
    call->owner = NULL;
    close_call(call);
}

static void tell(struct api_call *call, const struct api_answer *answer)
{
    void *owner = call->owner;
    call->owner = NULL;
    close_call(call); /* its memory stays until the loop turns */
    if (owner)
        call->on_answer(owner, answer);
}

static void fail(struct api_call *call, const char *error)
{
    struct api_answer answer = {.error = error};
    tell(call, &answer);
}

static void finish(struct api_call *call)
{
    const struct field *identifier =
        head_find_name(&call->reply.head, SPAN("Lambda-Extension-Identifier"));
    struct api_answer answer = {
        .status = reply_status(&call->reply), .body = reply_content(&call->reply)};
    if (identifier && identifier->value.len < API_IDENTIFIER_BYTES)
        answer.identifier = identifier->value;
    tell(call, &answer);
}

static void on_bytes(struct stream *stream, struct span bytes)
{
    struct api_call *call = CONTAINER_OF(stream, struct api_call, stream);
    const char *wrong = reply_take(&call->reply, bytes);
    if (wrong)
        fail(call, wrong);
    else if (reply_whole(&call->reply))
        finish(call);
}

static void on_event(struct stream *stream, enum stream_event event)
{
    struct api_call *call = CONTAINER_OF(stream, struct api_call, stream);
    if (event == STREAM_END && reply_end(&call->reply))
        finish(call);
    else
        fail(call, "it closed the connection without an answer");
}

static void on_drained(struct stream *stream)
{
    (void)stream;
}

static void on_connect(uv_connect_t *request, int status)
{
    struct api_call *call = CONTAINER_OF(request, struct api_call, connect);
    if (status == UV_ECANCELED)
        return;
    if (status < 0) {
        fail(call, uv_strerror(status));
        return;
    }
    uv_buf_t buffer = uv_buf_init(call->request, (unsigned)call->request_bytes);
    (void)uv_tcp_nodelay(&call->stream.uv.tcp, 1);
    stream_read(&call->stream, true);
    stream_write(&call->stream, &buffer, 1);
}

static void on_addresses(void *owner, int status, const struct addresses *addresses)
{
    struct api_call *call = owner;
    call->lookup = NULL;
    if (status == 0)
        status = stream_init_tcp(&call->stream, call->start.loop);
    if (status == 0) {
        call->pending++;
        call->stream.on_bytes = on_bytes;
        call->stream.on_event = on_event;
        call->stream.on_drained = on_drained;
        call->stream.on_closed = on_stream_closed;
        const struct sockaddr *address = (const struct sockaddr *)&addresses->at[0];
        status = uv_tcp_connect(&call->connect, &call->stream.uv.tcp, address, on_connect);
    }
    if (status < 0)
        fail(call, uv_strerror(status));
}

static void on_start(uv_timer_t *timer)
{
    struct api_call *call = CONTAINER_OF(timer, struct api_call, start);
    struct addresses addresses;
    unsigned port = call->host.port ? call->host.port : HTTP_PORT;
    if (addresses_literal(call->host.host, port, &addresses)) {
        on_addresses(call, 0, &addresses);
        return;
    }
    call->lookup = lookup_start(timer->loop, call->host.host, port, on_addresses, call);
    if (!call->lookup)
        fail(call, "its name cannot be looked up");
}

static bool write_request(struct api_call *call, const struct api_request *request)
{
    struct buf b = buf_over(call->request, sizeof call->request);
    struct span host = span_of(request->host);
    if (host.len >= sizeof call->host_text)
        return false;
    memcpy(call->host_text, host.at, host.len);
    buf_add(&b, request->method);
    buf_text(&b, " /2020-01-01/extension/");
    buf_add(&b, request->path);
    buf_text(&b, " HTTP/1.1\r\nHost: ");
    buf_add(&b, host);
    buf_text(&b, "\r\n");
    buf_add(&b, request->headers);
    if (request->body.len > 0) {
        buf_text(&b, "Content-Type: application/json\r\nContent-Length: ");
        buf_number(&b, request->body.len);
        buf_text(&b, "\r\n");
    }
    buf_text(&b, "\r\n");
    buf_add(&b, request->body);
    call->request_bytes = b.len;
    return !b.failed && authority_parse((struct span){call->host_text, host.len}, &call->host);
}

struct api_call *api_call(uv_loop_t *loop, const struct api_request *request,
    void (*on_answer)(void *owner, const struct api_answer *answer), void *owner)
{
    struct api_call *call = calloc(1, sizeof *call);
    if (!call || !write_request(call, request) || uv_timer_init(loop, &call->start) < 0) {
        free(call);
        return NULL;
    }
    call->pending = 1;
    call->on_answer = on_answer;
    call->owner = owner;
    reply_begin(&call->reply);
    (void)uv_timer_start(&call->start, on_start, 0, 0);
    return call;
}
