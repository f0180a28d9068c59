/* What an application behind auth gets of a request's headers, and what its answer lacks. */

import cookies from 'cookies.js';

/* Sessions and API keys are for us alone. */
function otherAuthorization(r) {
    const value = r.headersIn.Authorization || '';
    return /^bearer\s+m[ps]_/i.test(value) ? '' : value;
}

function otherCookies(r) {
    return cookies.split(r, false).join('; ');
}

/* The lines of headers after the first of a name, for names that the application gets: nginx 1.22 gives only the first as
 * $http_…. (1.23 joins them itself, and this is not called.) */
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

/* The time as HTTP writes it (RFC 9110, 5.6.7), for answers that have none. */
function date() {
    return new Date().toUTCString();
}

export default {otherCookies, otherAuthorization, repeated, date};
