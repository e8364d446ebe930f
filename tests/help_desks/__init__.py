"""Local servers that speak the REST APIs of three help desks, for tests of whatever pulls from them."""
