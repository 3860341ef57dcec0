#!/bin/sh
echo no JSON
