"""What every resource of the simulator needs: words, people, repeatable randomness."""
