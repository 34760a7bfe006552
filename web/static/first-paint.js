// Runs before the first paint, so that neither the theme nor the language flashes. A file of its own, because the
// content security policy allows no inline script of ours.
(function () {
  var root = document.documentElement;
  var read = function (key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  var theme = read('serverkit.theme');
  var dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.dataset.theme = dark ? 'dark' : 'light';
  var language = read('serverkit.language') || (navigator.language || 'en').slice(0, 2);
  root.lang = language === 'fr' ? 'fr' : 'en';
})();
