//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// Teaches: a plain tool without any io_context. Ends made without an executor block; errors come as
// codes or as exceptions, as one likes; waiting can have a limit.

#include <strait.hpp>

#include <boost/asio/error.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <utility>
#include <vector>

struct range {
    unsigned first = 0;
    unsigned last = 0;
};

bool is_prime(unsigned n) {
    for (unsigned d = 2; d * d <= n; ++d)
        if (n % d == 0) return false;
    return n > 1;
}

// Ends can be given by position as well.
int child() {
    auto in = strait::inherited::take();
    auto ranges = in.take<strait::receiver<range>>(0);
    auto primes = in.take<strait::sender<std::vector<unsigned>>>(1);
    while (true) {
        strait::error_code ec;
        const range r = ranges.recv(ec);
        if (ec == boost::asio::error::eof) return 0;
        if (ec) return 1;
        std::vector<unsigned> found;
        for (unsigned n = r.first; n != r.last; ++n)
            if (is_prime(n)) found.push_back(n);
        primes.send(found);
    }
}

int parent() {
    auto [ranges, ranges_end] = strait::make_channel<range>();
    auto [primes_end, primes] = strait::make_channel<std::vector<unsigned>>();
    auto self = strait::process_options::this_program();
    self.argument("child").give(std::move(ranges_end)).give(std::move(primes_end));
    auto other = strait::process::start(self);

    for (unsigned first = 0; first != 10000; first += 1000)
        ranges.send(range{first, first + 1000});
    ranges.close();

    std::size_t count = 0;
    strait::error_code ec;
    for (auto found = primes.recv_for(std::chrono::minutes(1), ec); !ec;
         found = primes.recv_for(std::chrono::minutes(1), ec))
        count += found.size();
    std::printf("%zu primes below 10000\n", count);
    return ec == boost::asio::error::eof && count == 1229 && other.wait().success() ? 0 : 1;
}

int main(int argc, char**) try {
    return argc == 2 ? child() : parent();
} catch (const std::exception& e) {
    std::fprintf(stderr, "blocking: %s\n", e.what());
    return 1;
}
