#include "proxy/base/err.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    int status;
    const char *code;
} errors[ERR_COUNT] = {[OK] = {200, "OK"},
#define X(name, status, code) [ERR_##name] = {status, code},
    ERR_LIST(X)
#undef X
};

int err_status(enum err err)
{
    return errors[err].status;
}

const char *err_code(enum err err)
{
    return errors[err].code;
}

enum err fault_set(struct fault *fault, enum err err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fault->err = err;
    (void)vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    return err;
}
