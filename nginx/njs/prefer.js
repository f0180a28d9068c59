/* Preferences of a request (RFC 7240): whether it may be answered later, and what jobs is told of it.
 *
 * Every request of a location that imports this and runs a script, such as a cached POST, runs what is outside of
 * functions: texts, no regular expressions, which would double what such a POST costs. */

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
// RFC 9110, 5.6.4. By what may not be there: a header's bytes may be no UTF-8, and njs 0.7.9 then finds no range above
// \xff.
const QUOTED = '"(?:[^"\\\\\\x00-\\x08\\x0a-\\x1f\\x7f]|\\\\[^\\x00-\\x08\\x0a-\\x1f\\x7f])*"';
const VALUE = `[ \\t]*=[ \\t]*(${TOKEN}|${QUOTED})?`;  // `wait=` is as `wait`: for jobs to refuse
const PREFERENCE = `^[ \\t]*(${TOKEN})(?:${VALUE})?(?:[ \\t]*;(?:[ \\t]*${TOKEN}(?:${VALUE})?)?)*[ \\t]*$`;
const LONGEST = 2000;  // characters that jobs is told: what is left of a header's 8 KB for others

/* Non-empty if the request may be answered later. An empty value counts as none (RFC 7240, 2); with another value it is
 * not the preference of that name. */
function later(r) {
    const found = preferences(r);
    return found['respond-async'] === '' ? '1' : '';
}

/* All well-formed preferences as one line, without parameters, so that jobs gets no header that it would refuse. Those
 * that jobs needs come first; those that do not fit are left out. */
function line(r) {
    const found = preferences(r);
    const names = Object.keys(found).filter(name => name !== 'respond-async' && name !== 'wait');
    return ['respond-async', 'wait'].filter(name => name in found).concat(names)
        .map(name => found[name] ? `${name}=${found[name]}` : name)
        .reduce((all, one) => all.length + one.length > LONGEST ? all : all ? `${all}, ${one}` : one, '');
}

/* Preferences by their names in lower case. Of several of one name the first counts (RFC 7240, 2); a malformed element
 * is skipped. rawHeadersIn has all lines of the header; $http_prefer on nginx 1.22 has only the first. */
function preferences(r) {
    const preference = new RegExp(PREFERENCE);
    const elements = /(?:"(?:[^"\\]|\\.)*(?:"|\\?$)|[^",])+/g;  // commas in quotes separate nothing
    const found = {};
    r.rawHeadersIn.filter(pair => pair[0].toLowerCase() === 'prefer').forEach(pair => {
        (pair[1].match(elements) || []).forEach(element => {
            const parts = preference.exec(element);
            const name = parts ? parts[1].toLowerCase() : '';
            if (name && !(name in found)) {
                found[name] = value(parts[2] || '');
            }
        });
    });
    return found;
}

/* A quoted string that is a token after all is the same value (RFC 7240, 2). */
function value(word) {
    const plain = word[0] === '"' ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word;
    return plain === '' || new RegExp(`^${TOKEN}$`).test(plain) ? plain : word.replace(/[^ -~]/g, ' ');
}

/* A new job's id: 128 random bits. Whoever knows that of an anonymous job may see it. */
function id() {
    return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
}

export default {later, line, id};
