import { checkName } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';

/** All that the registrar takes. Source: `MAX_TAGS` and so on of crates/wire/src/registrar. */
const MOST_TAGS = 16;
const MAX_TAG_BYTES = 64;
const MAX_TAGS_BYTES = 512;

/** Throws `incorrect` for what no registrar takes as an application's name. */
export function checkApplicationName(argument: string, name: unknown): asserts name is string {
  checkName(argument, name);
  if (isSpaced(name)) throw incorrect(argument, 'without white space and control characters', name);
}

/** What an application can be chosen by, none twice; a copy. Throws `incorrect` for what no registrar takes. */
export function checkTags(argument: string, tags: unknown = []): readonly string[] {
  if (!Array.isArray(tags)) throw incorrect(argument, 'a list of tags', tags);
  const checked = Array.from(tags as readonly unknown[], (tag, at) => checkTag(argument, tag, at));
  if (checked.length > MOST_TAGS)
    throw incorrect(argument, `a list of ${MOST_TAGS} tags at most`, tags);
  const twice = checked.findIndex((tag, at) => checked.indexOf(tag) !== at);
  if (twice >= 0)
    throw incorrect(
      `${argument}[${twice}]`,
      'a tag that is not in the list before',
      checked[twice],
    );
  if (Buffer.byteLength(checked.join('')) > MAX_TAGS_BYTES)
    throw incorrect(argument, `a list of tags with ${MAX_TAGS_BYTES} bytes together`, tags);
  return checked;
}

function checkTag(argument: string, tag: unknown, at: number): string {
  const isTag = typeof tag === 'string' && tag !== '' && !isSpaced(tag);
  if (isTag && Buffer.byteLength(tag) <= MAX_TAG_BYTES) return tag;
  const mustBe = `a string of 1 to ${MAX_TAG_BYTES} bytes without white space and control characters`;
  throw incorrect(`${argument}[${at}]`, mustBe, tag);
}

function isSpaced(text: string): boolean {
  return /[\s\p{Cc}]/u.test(text);
}
