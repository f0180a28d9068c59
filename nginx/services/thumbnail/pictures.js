/* What a reader wants of pictures, in as few words as make a difference: caches then do not fill with the spellings of
 * browsers. services/thumbnail reads the same of Accept (negotiation.py). */

const NEWER = ['image/avif', 'image/webp'];
const OLDER = ['image/jpeg', 'image/png', 'image/gif'];

/* The newer formats that Accept names, and those of the older ones that it wants more than any newer; the most wanted
 * first. A wildcard names nothing. */
function accept(r) {
    const quality = {};
    (r.headersIn.Accept || '').toLowerCase().split(',').forEach((part) => {
        const words = part.split(';').map((word) => word.trim());
        if (NEWER.indexOf(words[0]) >= 0 || OLDER.indexOf(words[0]) >= 0) {
            quality[words[0]] = Math.max(quality[words[0]] || 0, said(words.slice(1)));
        }
    });
    const newer = NEWER.filter((kind) => quality[kind] > 0).sort((a, b) => quality[b] - quality[a]);
    if (!newer.length) {
        return '*/*';
    }
    const older = OLDER.filter((kind) => quality[kind] > quality[newer[0]]).sort((a, b) => quality[b] - quality[a]);
    let level = 10;
    return older.concat(newer).map((kind, at, all) => {
        level -= at && quality[kind] < quality[all[at - 1]] ? 1 : 0;
        return level == 10 ? kind : `${kind};q=0.${level}`;
    }).join(',');
}

/* The weight that the parameters of a media type have (RFC 9110, 12.4.2); one that cannot be read is 1, as none is. */
function said(parameters) {
    for (let i = 0; i < parameters.length; i++) {
        const found = /^q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)$/.exec(parameters[i]);
        if (found) {
            return Number(found[1]);
        }
    }
    return 1;
}

export default {accept};
