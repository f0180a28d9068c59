/* Headers of one name that are sent several times. nginx 1.22 gives the first of them as $http_…; the others follow here, each as
 * a line of its own, for names that the application gets (nginx 1.23 joins them itself, and this is not called). */

import passed from 'passed.js';

const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

function lines(r) {
    const all = r.rawHeadersIn;
    if (Object.keys(r.headersIn).length === all.length) {
        return '';  // the usual case, in 3 µs
    }
    const names = passed + r.variables.added_names.toLowerCase();
    let seen = ' ';
    let more = '';
    all.forEach(pair => {
        const name = ' ' + pair[0].toLowerCase() + ' ';
        if (seen.indexOf(name) >= 0 && names.indexOf(name) >= 0 && pair[1] && !CONTROL.test(pair[1])) {
            more += '\r\n' + pair[0] + ': ' + pair[1];
        }
        seen += name;
    });
    return more;
}

export default {lines};
