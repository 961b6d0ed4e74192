// Orthogonal Procrustes problems of small matrices.
#ifndef MATH_PROCRUSTES_H
#define MATH_PROCRUSTES_H

// The orthogonal c [n,n] that makes |X - C Y| least, and tr(C' m) greatest, for m = X Y' [n,n]: U V' of m = U S V' (Schoenemann 1966), by
// one-sided Jacobi rotations. Directions that m does not tell are left where they are as far as may be: c is the identity for X = Y.
void procrustes(double *c, const double *m, int n);

#endif
