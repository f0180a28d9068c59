/* The metrics of all services and of nginx in one answer, in Prometheus' text format. It knows the services' names from
 * nginx, and nothing else of them. A service without a readable answer counts as down, and affects no
 * other. */

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?[ \t]+(\S+)((?:[ \t]+-?\d+)?)$/;
const LABELS = /^(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\.)*"(?:,|$))*$/;
const OWN_LABEL = /(?:^|,)service="/;
const VALUE = /^(?:[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|NaN|[-+]?Inf)$/;
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

async function show(r) {
    const names = r.variables.services.split(' ');
    const status = await r.subrequest('/_status');
    const numbers = await Promise.all(names.map(name => r.subrequest('/_service/metrics', name)));
    const healths = await Promise.all(names.map(name => r.subrequest(`/_service/${name}/health`, name)));

    const page = ofNginx(status.responseText);
    const up = page.mergepoint_up = gauge('Whether the numbers of the service could be read');
    const healthy = page.mergepoint_healthy = gauge('Whether the service can do its job, by its own health check');
    names.forEach((name, i) => {
        up.samples.push(`mergepoint_up{service="${name}"} ${added(page, numbers[i], name)}`);
        healthy.samples.push(`mergepoint_healthy{service="${name}"} ${Number(healths[i].status === 200)}`);
    });

    r.headersOut['Content-Type'] = 'text/plain; version=0.0.4; charset=utf-8';
    r.return(200, Object.keys(page).sort().map(name => written(name, page[name])).join(''));
}

/* Adds all metrics of a service to the page and returns 1; adds none and returns 0 if one cannot be read. */
function added(page, reply, service) {
    try {
        if (reply.status !== 200) {
            return 0;
        }
        add(page, read(reply.responseText, service));
        return 1;
    } catch (e) {
        return 0;
    }
}

/* Each family of metrics stands once, with the help text of the first service that has it, and with one type. */
function add(page, families) {
    const names = Object.keys(families);
    const other = names.find(name => page[name] && page[name].type !== families[name].type);
    if (other) {
        throw new Error(`${other} is of two types`);
    }
    names.forEach(name => {
        const family = families[name];
        if (page[name]) {
            page[name].samples = page[name].samples.concat(family.samples);
        } else {
            page[name] = family;
        }
    });
}

/* Returns the families in *text* by name, their samples labelled with the service. Throws if a line is malformed. */
function read(text, service) {
    const families = Object.create(null);
    let current = '';
    text.split('\n').forEach(line => {
        if (line.startsWith('#')) {
            current = described(families, line) || current;
        } else if (line) {
            const sample = labelled(line, service);
            if (!current || !sample.name.startsWith(current)) {
                current = sample.name;
            }
            family(families, current).samples.push(sample.line);
        }
    });
    return families;
}

/* Stores a line of HELP or TYPE and returns its family's name; returns nothing for another comment. */
function described(families, line) {
    const words = line.split(' ');
    if (words[1] !== 'HELP' && words[1] !== 'TYPE') {
        return '';
    }
    const found = family(families, words[2] || '');
    if (words[1] === 'HELP') {
        found.help = words.slice(3).join(' ');
    } else if (TYPES.includes(words[3])) {
        found.type = words[3];
    } else {
        throw new Error('no such type');
    }
    return words[2];
}

function family(families, name) {
    if (!NAME.test(name)) {
        throw new Error('no name of a metric');
    }
    families[name] = families[name] || {help: '', type: 'untyped', samples: []};
    return families[name];
}

function labelled(line, service) {
    const parts = SAMPLE.exec(line);
    const labels = parts && parts[2] || '';
    if (!parts || !VALUE.test(parts[3]) || !LABELS.test(labels)) {
        throw new Error('no sample');
    }
    const all = OWN_LABEL.test(labels) ? labels : `service="${service}"${labels && ','}${labels}`;
    return {name: parts[1], line: `${parts[1]}{${all}} ${parts[3]}${parts[4]}`};
}

/* stub_status, by the names of nginx-prometheus-exporter, those of counters with _total as is the custom.
 * https://nginx.org/en/docs/http/ngx_http_stub_status_module.html#data */
function ofNginx(text) {
    const numbers = text.match(/\d+/g);
    const families = Object.create(null);
    [
        ['nginx_connections_active', 'gauge', 'Connections that are open, waiting ones too'],
        ['nginx_connections_accepted_total', 'counter', 'Connections accepted'],
        ['nginx_connections_handled_total', 'counter', 'Connections handled; fewer than accepted when there were too many'],
        ['nginx_http_requests_total', 'counter', 'Requests, those of nginx to itself among them'],
        ['nginx_connections_reading', 'gauge', 'Connections whose request is being read'],
        ['nginx_connections_writing', 'gauge', 'Connections whose request is being answered'],
        ['nginx_connections_waiting', 'gauge', 'Connections that are kept for another request'],
    ].forEach((row, i) => {
        families[row[0]] = {help: row[2], type: row[1], samples: [`${row[0]}{service="nginx"} ${numbers[i]}`]};
    });
    return families;
}

function gauge(help) {
    return {help, type: 'gauge', samples: []};
}

function written(name, family) {
    return `# HELP ${name} ${family.help}\n# TYPE ${name} ${family.type}\n` + family.samples.map(line => line + '\n').join('');
}

export default {show};
