// The layout, off the page's thread: {id, cards, edges, back, options} in, {id, …layout} or {id, error} out.
// back: edges that close circles, turned round; they are left out where even so they make one.
import { layout } from './layout.js';

onmessage = ({ data: { id, cards, edges, back = [], options } }) => {
  for (const all of [[...edges, ...back], edges]) {
    try {
      postMessage({ id, ...layout(cards, all, options) });
      return;
    } catch (error) {
      if (all === edges) postMessage({ id, error: error.message });
    }
  }
};
