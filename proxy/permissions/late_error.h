/* Errors inside an answer that says 200: S3 lists those of each key when it deletes many, and tells
 * of a copy's or an upload's only once its work is done. Found as the answer streams by, in memory
 * that the caller lends. Pure.
 * Source: S3 API Reference, DeleteObjects, CopyObject, CompleteMultipartUpload, "Response syntax".
 */
#pragma once

#include "proxy/base/buf.h"

struct late_error {
    struct buf text;  /* of the element under way: an error longer than it is passed over */
    size_t tag_bytes; /* matched so far of "<Error>" outside of one, of "</Error>" inside */
    bool inside;
};

/* Whether the operation's answer may hold some. */
bool late_error_possible(struct span operation);

void late_error_begin(struct late_error *reader, struct buf memory);

/* Takes from *piece up to the end of the next error: true, and *element is what stands in it, good
 * until the next call. False once all is taken. */
bool late_error_next(struct late_error *reader, struct span *piece, struct span *element);

/* Writes the DeleteObjects body that asks for the key of the error alone; false where it names
 * none.
 */
bool late_error_write_delete(struct span element, struct buf *body);
