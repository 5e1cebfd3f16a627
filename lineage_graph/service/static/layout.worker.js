// The layout, off the page's thread: {id, cards, edges, options} in, {id, …layout} or {id, error} out.
import { layout } from './layout.js';

onmessage = ({ data: { id, cards, edges, options } }) => {
  try {
    postMessage({ id, ...layout(cards, edges, options) });
  } catch (error) {
    postMessage({ id, error: error.message });
  }
};
