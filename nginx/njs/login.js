/* Where a person is sent who has to log in first. */

const LONGEST_ADDRESS = 8192 - 'POST  HTTP/1.1\r\n'.length;

/* The login page that leads back to what was asked for, or the login page alone where that is too long for a request line.
 * The numbers and signs are those of services/auth/mergepoint/auth/sessions/redirects.py. */
function loginAddress(r) {
    const next = r.variables.request_uri.replace(/[^\w!$()*,\-.\/:;=?@~]/g, encodeURIComponent)
        .replace(/'/g, '%27');
    const address = '/auth/login?next=' + next;
    return address.length <= LONGEST_ADDRESS ? address : '/auth/login';
}

export default {loginAddress};
