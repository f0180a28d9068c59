/* What a request brings to be known by: the session's cookie and the Authorization header; and what is none of it. */

import crypto from 'crypto';

const SESSION = /^(?:__Host-)?mergepoint(?:-form)?$/i;

function cookies(r, ours) {
    return (r.headersIn.Cookie || '').split(';').map(pair => pair.trim())
        .filter(pair => pair && SESSION.test(pair.split('=', 1)[0].trim()) === ours).join('; ');
}

function sessionCookie(r) {
    return cookies(r, true);
}

function otherCookies(r) {
    return cookies(r, false);
}

/* Sessions and API keys are for us alone. */
function otherAuthorization(r) {
    const value = r.headersIn.Authorization || '';
    return /^bearer\s+m[ps]_/i.test(value) ? '' : value;
}

/* Of exactly what is passed on to be judged, so that nothing else can make a difference. */
function hash(r) {
    const parts = [sessionCookie(r), r.headersIn.Authorization || ''];
    return crypto.createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function loginAddress(r) {
    return '/auth/login?next=' + encodeURIComponent(r.variables.request_uri);
}

export default {sessionCookie, otherCookies, otherAuthorization, hash, loginAddress};
