"""A synthetic thorax with known truth."""
