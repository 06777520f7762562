//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// expect: strait: use_boost_archive needs #include <strait/boost_archive.hpp>

#include <strait/codec.hpp>

struct job {
    template <class Archive>
    void serialize(Archive&, const unsigned) {}
};

template <>
struct strait::use_boost_archive<job> : std::true_type {};

void use(const job& value, strait::output_archive& ar) {
    strait::encode(value, ar);
}
