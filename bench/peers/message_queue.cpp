//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "peers/transport.hpp"

#include <boost/interprocess/ipc/message_queue.hpp>

#include <algorithm>

// Boost.Interprocess: two queues with names in shared memory, one for each direction. Every message
// is copied in and out.

namespace bench::peers {

namespace {

namespace ipc = boost::interprocess;

std::string there(const meeting& m) { return m.name + "_there"; }
std::string back(const meeting& m) { return m.name + "_back"; }

glimpse receive_from(ipc::message_queue& queue, any_bytes& into) {
    ipc::message_queue::size_type came = 0;
    unsigned int priority = 0;
    queue.receive(into.data(), into.size(), came, priority);
    return look_at(into.data(), came);
}

class queue_client : public client {
public:
    // Nobody else needs the names.
    explicit queue_client(meeting& m)
        : there_(ipc::open_only, there(m).c_str()),
          back_(ipc::open_only, back(m).c_str()),
          came_(m.bytes) {
        ipc::message_queue::remove(there(m).c_str());
        ipc::message_queue::remove(back(m).c_str());
    }

    void send(const any_bytes& message) override { there_.send(message.data(), message.size(), 0); }
    glimpse call(const any_bytes& message) override {
        send(message);
        return receive_from(back_, came_);
    }

private:
    ipc::message_queue there_;
    ipc::message_queue back_;
    any_bytes came_;
};

class queue_server : public server {
public:
    // The memory of all messages is there from the beginning.
    explicit queue_server(meeting& m)
        : there_(ipc::create_only, there(m).c_str(), capacity(m), m.bytes),
          back_(ipc::create_only, back(m).c_str(), capacity(m), m.bytes),
          came_(m.bytes) {}

    glimpse receive() override { return receive_from(there_, came_); }
    void answer() override {
        const glimpse seen = receive_from(there_, came_);
        back_.send(came_.data(), seen.bytes, 0);
    }

private:
    // 2 to 100 messages, of up to 4 MiB together.
    static std::size_t capacity(const meeting& m) {
        return std::clamp<std::size_t>((4u << 20) / m.bytes, 2, 100);
    }

    ipc::message_queue there_;
    ipc::message_queue back_;
    any_bytes came_;
};

}  // namespace

transport message_queue() {
    return {
        .name = "Boost message_queue",
        .make_client = make_client<queue_client>,
        .make_server = make_server<queue_server>};
}

}  // namespace bench::peers
