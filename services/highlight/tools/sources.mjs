// Prints what highlight.js, Prism, Shiki and Linguist call their languages, as JSON: node sources.mjs FOLDER
// FOLDER holds the node_modules into which `npm install` put the four.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join, resolve} from 'node:path';

const folder = resolve(process.argv[2]);
const load = createRequire(join(folder, 'x.js'));
const described = name => JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json')));
const version = name => `${name} ${described(name).version}, ${described(name).license}`;
const list = value => [value ?? []].flat();

const hljs = load('highlight.js');
const prism = load('prismjs/components.json').languages;
const {bundledLanguagesInfo} = await import(join(folder, 'node_modules/shiki/dist/langs.mjs'));
const linguist = await import(join(folder, 'node_modules/linguist-languages/index.js'));

console.log(JSON.stringify({
  versions: ['highlight.js', 'prismjs', 'shiki', 'linguist-languages'].map(version),
  'highlight.js': hljs.listLanguages().map(id => [id, ...list(hljs.getLanguage(id).aliases), hljs.getLanguage(id).name]),
  Prism: Object.entries(prism).filter(([id]) => id !== 'meta').map(([id, {alias, title}]) => [id, ...list(alias), title]),
  Shiki: bundledLanguagesInfo.map(({id, aliases, name}) => [id, ...list(aliases), name]),
  Linguist: Object.values(linguist).map(({name, aliases}) => [name, ...list(aliases)]),
  files: Object.values(linguist).map(({name, group, aliases, extensions, filenames, interpreters}) => ({
    name, group, aliases, extensions: list(extensions), filenames: list(filenames), interpreters: list(interpreters),
  })),
}));
