/* The cookies of a request, ours or the others: of a session, of a form, and of logins elsewhere (flows.py). */

const OURS = /^(?:__(?:Host|Secure)-)?mergepoint(?:-form|-oidc(?:-.*)?)?$/i;

function split(r, ours) {
    return (r.headersIn.Cookie || '').split(';').map(pair => pair.trim())
        .filter(pair => pair && OURS.test(pair.split('=', 1)[0].trim()) === ours);
}

export default {split};
