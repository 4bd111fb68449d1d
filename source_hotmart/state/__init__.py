"""What has been read and what has not: intervals of dates, states of parents, and the cursors that write them."""
