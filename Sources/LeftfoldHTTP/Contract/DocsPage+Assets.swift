extension DocsPage {
    static let style = """
        :root{color-scheme:light dark;--line:#8884;--soft:#8881;--accent:#2463a6}
        body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:70rem;padding:1rem}
        h1 small,h3 small{font-weight:normal;opacity:.7;font-size:1rem}
        h2{margin-top:2.5rem;border-bottom:1px solid var(--line);text-transform:capitalize}
        h3{display:inline;font-size:1.05rem}
        section{border:1px solid var(--line);border-radius:.4rem;margin:.6rem 0;padding:.5rem .8rem;overflow-wrap:anywhere}
        summary{cursor:pointer}
        code,pre{font-family:ui-monospace,monospace;font-size:.9em}
        pre{background:var(--soft);padding:.6rem;border-radius:.3rem;white-space:pre-wrap}
        table{border-collapse:collapse;width:100%}
        td{border-top:1px solid var(--line);padding:.25rem .6rem .25rem 0;vertical-align:top}
        td p{margin:.1rem 0}
        a{color:var(--accent)}
        .method{display:inline-block;min-width:3.6rem;font-weight:bold;color:var(--accent)}
        #search{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;position:sticky;top:0}
        """

    /// Hides what does not have all the words. It makes no HTML of anything.
    static let script = """
        const search = document.getElementById('search'), count = document.getElementById('count');
        const sections = [...document.querySelectorAll('section')].map(node => ({node, text: node.textContent.toLowerCase()}));
        search.hidden = false;
        search.addEventListener('input', () => {
          const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
          let shown = 0;
          for (const {node, text} of sections) {
            node.hidden = !words.every(word => text.includes(word));
            if (!node.hidden) shown++;
          }
          count.textContent = words.length ? shown + ' of ' + sections.length : '';
        });
        function open() {
          const details = location.hash && document.getElementById(location.hash.slice(1))?.querySelector('details');
          if (details) details.open = true;
        }
        addEventListener('hashchange', open);
        open();
        """
}
