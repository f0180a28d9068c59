/* The picture formats that Accept asks for, normalised, so that the cache does not store one answer for each browser's
 * spelling. services/thumbnail reads Accept in the same way (negotiation.py). */

const NEWER = ['image/avif', 'image/webp'];
const OLDER = ['image/jpeg', 'image/png', 'image/gif'];

/* The newer formats that Accept names, and the older ones with a higher weight than any newer; in the order of their
 * weights. A wildcard counts for nothing. */
function accept(r) {
    const quality = {};
    (r.headersIn.Accept || '').toLowerCase().split(',').forEach((part) => {
        const words = part.split(';').map((word) => word.trim());
        if (NEWER.indexOf(words[0]) >= 0 || OLDER.indexOf(words[0]) >= 0) {
            quality[words[0]] = Math.max(quality[words[0]] || 0, weightOf(words.slice(1)));
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

/* The weight in the parameters of a media type (RFC 9110, 12.4.2); 1 if there is none, or it cannot be read. */
function weightOf(parameters) {
    for (let i = 0; i < parameters.length; i++) {
        const found = /^q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)$/.exec(parameters[i]);
        if (found) {
            return Number(found[1]);
        }
    }
    return 1;
}

export default {accept};
