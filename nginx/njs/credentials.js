/* The credentials of a request: our cookies and the Authorization header; and the other cookies, for applications. */

import crypto from 'crypto';

const OURS = /^(?:__(?:Host|Secure)-)?mergepoint(?:-form|-oidc(?:-.*)?)?$/i;
const NAME = /^(?:__Host-)?mergepoint(?:-form|-oidc-[\w-]{22})?$/;
const TRY = /-oidc-/;  // cookies of logins at providers: any number may be there, so invalid ones are left out
const PLAIN = /^[\w.~+\/=-]*$/;
const CREDENTIAL = /^[!-~]+ [!-~]+$/;
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const LONGEST_ADDRESS = 8192 - 'POST  HTTP/1.1\r\n'.length;
const LONGEST_COOKIE = 300;  // characters of a cookie that is not one of TRY; ours have at most 70
const LONGEST_COOKIES = 6600;  // characters of those of TRY together: of the eight longest that auth's flows.py can make
const LONGEST = 3000;  // characters of an identity: services accept headers of this length

function cookies(r, ours) {
    return (r.headersIn.Cookie || '').split(';').map(pair => pair.trim())
        .filter(pair => pair && OURS.test(pair.split('=', 1)[0].trim()) === ours);
}

/* Returns our cookies as one header: the first of each name, as auth reads them, and as many of TRY as fit. An invalid
 * value is replaced, not removed: auth then deletes the cookie, which must not prevent a login. A client may send
 * several lines, auth reads one. */
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

/* The Authorization header, if it is valid: a server behind might refuse an invalid one without an explanation. */
function authorization(r) {
    const value = r.headersIn.Authorization || '';
    return !value || CREDENTIAL.test(value) ? value : 'Bearer bad';
}

/* For applications: without sessions and API keys, which only auth may see. */
function otherAuthorization(r) {
    const value = r.headersIn.Authorization || '';
    return /^bearer\s+m[ps]_/i.test(value) ? '' : value;
}

/* A hash of the headers that the functions above read, and of nothing else, as the key of a decision. The raw headers
 * are hashed, since parsing them for each request would cost 10 µs. No header holds a line break. */
function hash(r) {
    const cookies = r.headersIn.Cookie || '';
    const authorization = r.headersIn.Authorization || '';
    if (!authorization && cookies.indexOf('mergepoint') < 0) {
        return 'nobody';
    }
    return crypto.createHash('sha256').update(cookies + '\n' + authorization).digest('hex');
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

/* The address of the login page that leads back to the request's address, or of the login page alone if that would be
 * too long for a request line. sessions/redirects.py of auth has the same numbers and characters. */
function loginAddress(r) {
    const next = r.variables.request_uri.replace(/[^\w!$()*,\-.\/:;=?@~]/g, encodeURIComponent)
        .replace(/'/g, '%27');
    const address = '/auth/login?next=' + next;
    return address.length <= LONGEST_ADDRESS ? address : '/auth/login';
}

export default {ownCookies, otherCookies, authorization, otherAuthorization, hash, requireIdentity, loginAddress};
