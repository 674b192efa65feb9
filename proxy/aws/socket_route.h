/* Requests that open a WebSocket: what AWS's services want of them that differs from other
 * requests. Pure. Sources: Amazon Transcribe Developer Guide, "Setting up a streaming
 * transcription" (WebSocket: port 8443, presigned URL of at most 300 s, signed events); AWS IoT
 * Core Developer Guide, "MQTT over the WebSocket protocol" (the signature stands in the query, and
 * the session token behind it). */
#pragma once

#include "proxy/aws/route.h"

enum { SOCKET_EXPIRES_S = 300 };

struct socket_route {
    bool events;     /* its messages are event-stream messages, and the client's are signed */
    bool in_query;   /* the signature stands in the query, else in the head */
    bool token_last; /* the session token is added to the query after it is signed */
};

/* What the route's service wants, and moves the route to where its sockets are served.
 * signed_query: the client has signed a query of its own. */
struct socket_route socket_route_of(struct route *route, bool signed_query);
