"""What can go wrong with an API of Lambda, one function each, for a test to script.

A fault is called in place of the answer, as fault(exchange, faithful): exchange is the means to answer,
faithful() gives the answer that Lambda would have given (in next it waits for the event, as Lambda does).
EmulatedLambda(faults={"next": [None, hang_up()]}) answers the first call well and hangs up on the second.
"""

import json
import threading
import time

from wire import Answer, encode


def refusal(status, kind="InternalServerError", message="Internal Server Error"):
    """Answers with an error as Lambda words it."""
    body = json.dumps({"errorMessage": message, "errorType": kind}).encode()
    answer = Answer(status, body, {"Content-Type": "application/json"})
    return lambda exchange, faithful: exchange.answer(answer)


def raw(data):
    """Writes these bytes, whatever they are, and hangs up."""
    def fault(exchange, faithful):
        exchange.send(data)
        exchange.hang_up()
    return fault


def hang_up(after=0.0, reset=False):
    """Ends the connection without an answer, after some seconds; Lambda forgets that it was asked."""
    def fault(exchange, faithful):
        time.sleep(after)
        exchange.hang_up(reset)
    return fault


def lose(after=0.5):
    """Ends the connection, yet Lambda believes that it still waits: what comes next is lost on it."""
    def fault(exchange, faithful):
        threading.Thread(target=faithful, daemon=True).start()
        time.sleep(after)
        exchange.hang_up()
    return fault


def cut(bytes_kept):
    """Starts the right answer, and hangs up after so many bytes of it."""
    def fault(exchange, faithful):
        exchange.send(encode(faithful())[:bytes_kept])
        exchange.hang_up()
    return fault


def slowly(seconds):
    """Gives the right answer, late."""
    def fault(exchange, faithful):
        time.sleep(seconds)
        exchange.answer(faithful())
    return fault


def in_chunks(exchange, faithful):
    """Gives the right answer in chunked coding."""
    exchange.send(encode(faithful(), chunked=True))


def in_segments(size=1, pause=0.002):
    """Gives the right answer, a few bytes at a time."""
    return lambda exchange, faithful: exchange.send(encode(faithful()), size, pause)


def then_closes(exchange, faithful):
    """Gives the right answer and says that the connection ends with it."""
    answer = faithful()
    answer.headers["Connection"] = "close"
    exchange.answer(answer)
    exchange.hang_up()
