/* What a request brings to be known by: the session's cookie and the Authorization header. */

import crypto from 'crypto';
import cookies from 'cookies.js';

const NAME = /^(?:__Host-)?mergepoint(?:-form|-oidc-[\w-]{22})?$/;
const TRY = /-oidc-/;  // cookies of logins at providers: any number may be there, so invalid ones are left out
const PLAIN = /^[\w.~+\/=-]*$/;
const CREDENTIAL = /^[!-~]+ [!-~]+$/;
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const LONGEST_COOKIE = 300;  // characters of one but those of TRY; ours have at most 70
const LONGEST_COOKIES = 6600;  // of those of TRY together: of eight, the longest that flows.py can make
const LONGEST = 3000;  // characters of an identity: what a service behind takes as a header

/* Our cookies. A value that cannot be one of ours becomes `bad`: auth then takes it away, and it keeps nobody from logging
 * in. Of each name the first counts, as auth reads them; of logins at providers as many as there is room for. All are in
 * one line, since a client may send several, of which auth would read one. */
function ownCookies(r) {
    const first = {};
    let room = LONGEST_COOKIES;
    cookies.split(r, true).forEach(pair => {
        const name = pair.split('=', 1)[0].trim();
        const is_try = TRY.test(name);
        const good = PLAIN.test(pair) && pair.length <= (is_try ? room : LONGEST_COOKIE);
        if (NAME.test(name) && !(name in first) && (good || !is_try)) {
            first[name] = good ? pair : name + '=bad';
            room -= is_try ? pair.length + 2 : 0;
        }
    });
    return Object.keys(first).map(name => first[name]).join('; ');
}

/* As it is, if it can be one: a server behind may refuse to read what is none, and then nothing would say why. */
function authorization(r) {
    const value = r.headersIn.Authorization || '';
    return !value || CREDENTIAL.test(value) ? value : 'Bearer bad';
}

/* Of all that the above are made from, so that nothing else can make a difference; and of the raw headers, since every
 * request comes by here (taking them apart first costs 10 µs). No header holds a line break. */
function hash(r) {
    const sent = r.headersIn.Cookie || '';
    const authorization = r.headersIn.Authorization || '';
    if (!authorization && sent.indexOf('mergepoint') < 0) {
        return 'nobody';
    }
    return crypto.createHash('sha256').update(sent + '\n' + authorization).digest('hex');
}

/* A server that answers in auth's place may answer 200 to everything, so a request passes only with an identity in
 * auth's form. The service behind verifies its signature. */
function requireIdentity(r) {
    const policy = r.variables.policy;
    const identity = r.headersOut['Mergepoint-Identity'] || '';
    const known = identity.length <= LONGEST && TOKEN.test(identity);
    const nobody = policy === 'public' || (policy === 'optional' && identity === 'nobody');
    if (r.status < 300 && !known && !nobody && !r.variables.is_preflight) {
        r.status = 503;
    }
}

export default {ownCookies, authorization, hash, requireIdentity};
