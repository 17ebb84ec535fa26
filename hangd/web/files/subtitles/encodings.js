/** Which encoding a text is in, where nothing says it: most old subtitles are not in UTF-8. */

/**
 * Encodings by language, of the text or else of the page: what Windows wrote there.
 * @type {Record<string, string>}
 */
const BY_LANGUAGE = {
  ...named("windows-1250", "bs cs hr hu pl ro sk sl sq"),
  ...named("windows-1251", "be bg kk ky mk mn ru sr tg uk"),
  ...named("windows-1253", "el"),
  ...named("windows-1254", "az ku tr"),
  ...named("windows-1255", "he yi"),
  ...named("windows-1256", "ar fa ur"),
  ...named("windows-1257", "et lt lv"),
  ...named("windows-1258", "vi"),
  ...named("windows-874", "th"),
  ...named("shift_jis", "ja"),
  ...named("euc-kr", "ko"),
  ...named("gb18030", "zh"),
};

/**
 * Encodings of other scripts than Latin, and which letters are the most frequent in what is written in them.
 *
 * Nearly every byte is a letter in each of them, so being valid proves nothing. The ten or so most frequent letters are
 * half of a text, and in the wrong encoding they are not.
 *
 * @type {[string, RegExp][]}
 */
const SCRIPTS = [
  ["windows-1251", /[оеаинтсрвл]/gu],
  ["koi8-r", /[оеаинтсрвл]/gu],
  ["ibm866", /[оеаинтсрвл]/gu],
  ["windows-1253", /[αοιετσνηςρά]/gu],
  ["windows-1255", /[יוהלאמרתבש]/gu],
  ["windows-1256", /[اليمونرتبه]/gu],
  ["windows-874", /[านรอกเงมย่้]/gu],
  ["shift_jis", /[\u3041-\u30ff]/gu],
  ["euc-jp", /[\u3041-\u30ff]/gu],
  ["euc-kr", /[이다는가을지고하나의기로사어도그아니시해내인를자만대]/gu],
  ["gb18030", /[的一是不了我你在有他这这来们那好到说]/gu],
  ["big5", /[的一是不了我你在有他這來們那好到說]/gu],
];

/** Of Han characters the frequent ones are a smaller part. */
const SCARCE = new Set(["gb18030", "big5", "euc-kr"]);

/** Of text in Latin letters not more than this part is outside of ASCII (of Czech 0.15), of other text nearly all. */
const LATIN_SHARE = 0.2;

/** What a language that is named counts for, as a share of frequent letters. */
const NAMED = 0.3;
const OF_PAGE = 0.05;

/** Bytes that a guess looks at. */
const SAMPLE = 200_000;

/** No text has these, and bytes that are no text have them soon. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
const CONTROLS = /[\0-\x08\x0e-\x1a\x1c-\x1f\ufffe\uffff]/;

/**
 * Returns a text file as text, without its byte order mark. Null: it is no text.
 *
 * A byte order mark says the encoding; what is valid UTF-8 is UTF-8; the rest is guessed from the bytes, the language
 * of the text, and the languages of the page.
 *
 * @param {Uint8Array} bytes
 * @param {string} language  BCP 47, of the text; "" where it is not known.
 * @param {readonly string[]} languages  Of the page.
 * @returns {string | null}
 */
export function decodeText(bytes, language = "", languages = globalThis.navigator?.languages ?? []) {
  const marked = markOf(bytes);
  const text = marked === null ? (unmarked(bytes) ?? guessed(bytes, language, languages)) : decode(bytes, marked);
  return text === null || CONTROLS.test(text.slice(0, SAMPLE)) ? null : text;
}

/** @param {Uint8Array} bytes */
function markOf([first, second, third]) {
  if (first === 0xef && second === 0xbb && third === 0xbf) {
    return "utf-8";
  }
  return first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : null;
}

/**
 * Returns the text if its bytes show that it is UTF-8, or UTF-16.
 * @param {Uint8Array} bytes
 * @returns {string | null}
 */
function unmarked(bytes) {
  if (!bytes.includes(0)) {
    return decode(bytes, "utf-8", true);
  }
  // Read in the wrong order, the end of a line is a character that nobody has yet.
  const texts = ["utf-16le", "utf-16be"].map((encoding) => decode(bytes, encoding, true));
  return texts.find((text) => text?.includes("\n") && !CONTROLS.test(text)) ?? null;
}

/**
 * @param {Uint8Array} bytes
 * @param {string} language
 * @param {readonly string[]} languages
 * @returns {string | null}
 */
function guessed(bytes, language, languages) {
  if (bytes.includes(0)) {
    return null;
  }
  const sample = bytes.subarray(0, SAMPLE);
  if (isLatin(sample)) {
    const likely = [language, ...languages].filter(Boolean).map(encodingOf);
    const other = new Set(SCRIPTS.map(([encoding]) => encoding));
    return decode(bytes, likely.find((encoding) => !other.has(encoding)) ?? "windows-1252");
  }
  const hints = new Map(languages.map((each) => [encodingOf(each), OF_PAGE]));
  if (language !== "") {
    hints.set(encodingOf(language), NAMED);
  }
  let [best, most] = [encodingOf(language || (languages[0] ?? "")), 0];
  for (const [encoding, frequent] of SCRIPTS) {
    const score = scoreOf(sample, encoding, frequent) + (hints.get(encoding) ?? 0);
    if (score > most) {
      [best, most] = [encoding, score];
    }
  }
  return decode(bytes, best);
}

/**
 * Returns which part of the letters outside of ASCII is frequent in this script, 0 for bytes that are not valid.
 *
 * @param {Uint8Array} sample
 * @param {string} encoding
 * @param {RegExp} frequent
 */
function scoreOf(sample, encoding, frequent) {
  const text = decode(sample, encoding);
  if (text === null) {
    return 0;
  }
  const others = text.match(/\P{ASCII}/gu)?.length ?? 0;
  const wrong = text.match(/[\ufffd\u0080-\u009f]/gu)?.length ?? 0;
  const right = text.match(frequent)?.length ?? 0;
  return others === 0 || wrong > others / 50 ? 0 : Math.min(1, (right / others) * (SCARCE.has(encoding) ? 3 : 1));
}

/** @param {Uint8Array} sample */
function isLatin(sample) {
  let [ascii, other] = [0, 0];
  let isMarkup = false;
  for (const byte of sample) {
    if (byte === 0x7b || byte === 0x3c) {
      isMarkup = true; // { and <
    } else if (byte === 0x7d || byte === 0x3e || byte === 0x0a) {
      isMarkup = false;
    } else if (byte >= 0x80) {
      other += 1;
    } else if (!isMarkup && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) {
      ascii += 1;
    }
  }
  return other <= LATIN_SHARE * (ascii + other);
}

/** @param {string} language */
function encodingOf(language) {
  const [first] = language.toLowerCase().split("-");
  if (first === "zh" && /-(?:tw|hk|mo|hant)\b/i.test(language)) {
    return "big5";
  }
  return BY_LANGUAGE[first] ?? "windows-1252";
}

/**
 * @param {Uint8Array} bytes
 * @param {string} encoding
 * @param {boolean} [fatal]
 * @returns {string | null} Null: these bytes are not valid, or the browser does not know the encoding.
 */
function decode(bytes, encoding, fatal = false) {
  try {
    return new TextDecoder(encoding, { fatal }).decode(bytes);
  } catch {
    return null;
  }
}

/**
 * @param {string} encoding
 * @param {string} languages
 */
function named(encoding, languages) {
  return Object.fromEntries(languages.split(" ").map((language) => [language, encoding]));
}
