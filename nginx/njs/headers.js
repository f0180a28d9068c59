/* Headers as nginx's own variables do not give them. The file is short, since every request with a script loads it. */

/* Further lines of headers that the application gets, after the first of each name: in nginx 1.22, $http_… has only the
 * first. (1.23 joins the lines itself, and this is not called.) */
function repeated(r) {
    const all = r.rawHeadersIn;
    if (Object.keys(r.headersIn).length === all.length) {
        return '';  // the usual case, in 3 µs
    }
    const names = 'PASSED_NAMES' + r.variables.added_names;
    let seen = ' ';
    let lines = '';
    all.forEach(pair => {
        const name = ' ' + pair[0].toLowerCase() + ' ';
        const may_pass = names.indexOf(name) >= 0 && pair[1] && !/[\x00-\x08\x0a-\x1f\x7f]/.test(pair[1]);
        if (seen.indexOf(name) >= 0 && may_pass) {
            lines += '\r\n' + pair[0] + ': ' + pair[1];
        }
        seen += name;
    });
    return lines;
}

/* The time in HTTP's format (RFC 9110, 5.6.7), for answers without a date. */
function date() {
    return new Date().toUTCString();
}

export default {repeated, date};
