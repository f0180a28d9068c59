/* What a request brings to be known by: the session's cookie and the Authorization header; and what is none of it. */

import crypto from 'crypto';

const OURS = /^(?:__(?:Host|Secure)-)?mergepoint(?:-form|-oidc(?:-.*)?)?$/i;
const NAME = /^(?:__Host-)?mergepoint(?:-form|-oidc-[\w-]{22})?$/;
const TRY = /-oidc-/;  // of a login elsewhere: any number may be there, so a bad one is left out
const PLAIN = /^[\w.~+\/=-]*$/;
const CREDENTIAL = /^[!-~]+ [!-~]+$/;
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const LONGEST_ADDRESS = 8192 - 'POST  HTTP/1.1\r\n'.length;
const LONGEST_COOKIE = 300;  // characters of one but those of TRY; ours have at most 70
const LONGEST_COOKIES = 6600;  // of those of TRY together: of eight, the longest that flows.py can make
const LONGEST = 3000;  // characters of an identity: what a service behind takes as a header

function cookies(r, ours) {
    return (r.headersIn.Cookie || '').split(';').map(pair => pair.trim())
        .filter(pair => pair && OURS.test(pair.split('=', 1)[0].trim()) === ours);
}

/* What is no value of ours stays known as a bad one: it is taken away, and must not keep anybody from logging in. The first of
 * each name, as auth reads them, and of logins elsewhere as many as there is room for: a client may send several lines, and
 * whoever we ask reads one. */
function ownCookies(r) {
    const first = {};
    let room = LONGEST_COOKIES;
    cookies(r, true).forEach(pair => {
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

function otherCookies(r) {
    return cookies(r, false).join('; ');
}

/* As it is, if it can be one: a server behind may refuse to read what is none, and then nothing would say why. */
function authorization(r) {
    const value = r.headersIn.Authorization || '';
    return !value || CREDENTIAL.test(value) ? value : 'Bearer bad';
}

/* Sessions and API keys are for us alone. */
function otherAuthorization(r) {
    const value = r.headersIn.Authorization || '';
    return /^bearer\s+m[ps]_/i.test(value) ? '' : value;
}

/* Of all that the above are made from, so that nothing else can make a difference; and of the raw headers, since every
 * request comes by here (taking them apart first costs 10 µs). No header holds a line break. */
function hash(r) {
    const cookies = r.headersIn.Cookie || '';
    const authorization = r.headersIn.Authorization || '';
    if (!authorization && cookies.indexOf('mergepoint') < 0) {
        return 'nobody';
    }
    return crypto.createHash('sha256').update(cookies + '\n' + authorization).digest('hex');
}

/* Whoever answers in auth's place may say 200 to everything: only what looks like auth's own decision lets anybody in. True
 * it is if its signature is, which the service behind checks. */
function requireIdentity(r) {
    const policy = r.variables.policy;
    const identity = r.headersOut['Mergepoint-Identity'] || '';
    const known = identity.length <= LONGEST && TOKEN.test(identity);
    const nobody = policy === 'public' || (policy === 'optional' && identity === 'nobody');
    if (r.status < 300 && !known && !nobody && !r.variables.is_preflight) {
        r.status = 503;
    }
}

/* The login page that leads back to what was asked for, or the login page alone where that is too long for a request line.
 * The numbers and signs are those of services/auth/mergepoint/auth/sessions/redirects.py. */
function loginAddress(r) {
    const next = r.variables.request_uri.replace(/[^\w!$()*,\-.\/:;=?@~]/g, encodeURIComponent)
        .replace(/'/g, '%27');
    const address = '/auth/login?next=' + next;
    return address.length <= LONGEST_ADDRESS ? address : '/auth/login';
}

export default {ownCookies, otherCookies, authorization, otherAuthorization, hash, requireIdentity, loginAddress};
