/** The name of what the page on show is about, for the breadcrumb and the browser's title. */
class Place {
  title = $state('');
}

export const place = new Place();
