"""What every operation passes through between its text and the resolvers, whatever transport it came by."""
