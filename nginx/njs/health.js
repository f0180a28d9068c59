/* The health of all services in one answer. Knows their names from nginx, nothing else of them. */

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

/* What a service says of itself; of one that says nothing, that it is away. */
function own(reply) {
    try {
        if (reply.status === 200) {
            return JSON.parse(reply.responseText);
        }
    } catch (e) {
        // not JSON: not a health that anybody could read
    }
    return {status: 'unavailable'};
}

export default {show};
