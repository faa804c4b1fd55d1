/** The words of the language that the app speaks now. */
import * as backend from "../backend.js";
import { Words } from "../words.js";

export let words = new Words(await backend.words());

/** Learns the words again, after the app was told to speak another language. */
export async function learn() {
  words = new Words(await backend.words());
}
