/* The time as HTTP writes it (RFC 9110, 5.6.7), for answers that have none. */

function now() {
    return new Date().toUTCString();
}

export default {now};
