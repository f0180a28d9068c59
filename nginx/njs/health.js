/* The health of all services in one answer. It knows their names from nginx, and nothing else of them. */

async function show(r) {
    const names = r.variables.services.split(' ').filter(Boolean);
    const replies = await Promise.all(names.map(name => r.subrequest('/_health', name)));
    if (replies.some(reply => reply.status === 429)) {
        r.return(429);
        return;
    }
    const services = {};
    replies.forEach((reply, i) => { services[names[i]] = own(reply); });
    const ok = replies.every(reply => reply.status === 200);
    r.headersOut['Content-Type'] = 'application/json';
    r.return(ok ? 200 : 503, JSON.stringify({status: ok ? 'ok' : 'unavailable', services}) + '\n');
}

/* The health that a service reports, or that it does not answer. */
function own(reply) {
    try {
        if (reply.status === 200) {
            return JSON.parse(reply.responseText);
        }
    } catch (e) {
        // not JSON: counted as no answer
    }
    return {status: 'unavailable'};
}

export default {show};
