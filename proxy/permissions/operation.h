/* Which operation a request outside S3 asks for, in each of AWS's protocols: by X-Amz-Target, by
 * Action, by smithy's rpc-v2-cbor path, by method and path. Pure, no allocation.
 * Source: Smithy, AWS protocols: awsJson1_1, awsQuery, ec2Query, rpcv2Cbor, restJson1, restXml. */
#pragma once

#include "proxy/permissions/resources.h"

/* False where there is none that is known, or the request names two. The name is in the request or
 * a table. */
bool operation_find(const struct needed_request *request, struct operation *operation);
