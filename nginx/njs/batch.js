/* A batch counts as one request for each of its entries. limit_req counts a request once, whatever its size, so each
 * further entry becomes a request of its own to `upstream count`, which does nothing but count. */

const MOST = 100;  // entries that a service takes in one batch

async function count(r) {
    const more = r.variables.limit_key ? entries(r, r.headersIn['Mergepoint-Counts']) - 1 : 0;
    for (let i = 0; i < more; i++) {
        const reply = await r.subrequest('/_count');
        if (reply.status === 429) {
            r.return(429);
            return;
        }
    }
    r.internalRedirect('/_counted');
}

function entries(r, field) {
    try {
        const list = JSON.parse(r.requestText)[field];
        return Array.isArray(list) ? Math.min(list.length, MOST) : 1;
    } catch (e) {
        return atMost(r);
    }
}

/* The service might read a body that we cannot: then the number of braces is taken, the most entries it can have. */
function atMost(r) {
    let braces = 0;
    const body = r.requestBuffer || '';
    for (let i = 0; i < body.length && braces <= MOST; i++) {
        braces += body[i] === 0x7b;
    }
    return Math.max(1, Math.min(braces - 1, MOST));
}

export default {count};
