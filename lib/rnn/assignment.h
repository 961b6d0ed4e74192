// The linear assignment problem, solved by shortest augmenting paths (Jonker and Volgenant 1987), O(n^3).
#ifndef RNN_ASSIGNMENT_H
#define RNN_ASSIGNMENT_H

// chosen [n] becomes the permutation of 0 .. n-1 for which the sum over a of score[a * n + chosen[a]] is greatest. score [n,n] is finite.
// Returns that sum.
double assignment_best(int *chosen, const double *score, int n);

#endif
